"""Operations: what those who keep the platform and its duties running look at every day."""
