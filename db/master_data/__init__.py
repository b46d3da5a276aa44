"""Operations on organizations, accounts, competitors and status reasons."""
