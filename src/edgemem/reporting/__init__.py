"""What is said about results: claims, summaries, costs, pages."""
