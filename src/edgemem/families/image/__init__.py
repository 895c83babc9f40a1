"""Images: templates in random colours."""
