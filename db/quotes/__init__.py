"""Operations on quotes, one per module."""
