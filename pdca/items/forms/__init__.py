"""What people may type about an item: explicit schemas that end in typed answers."""
