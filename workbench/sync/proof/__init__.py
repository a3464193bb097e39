"""The proof that nothing is missing: our counts beside Klaviyo's, and what is read again."""
