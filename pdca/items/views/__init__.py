"""What the pages and sheets of an item show: views in words, so that templates compute nothing."""
