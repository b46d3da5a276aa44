"""Parts that every HTTP endpoint uses: bodies, responses, errors, media types, limits."""
