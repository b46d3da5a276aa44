"""Operations on opportunities, one per module."""
