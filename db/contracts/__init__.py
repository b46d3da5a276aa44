"""Operations on project contracts."""
