"""What builders run and the product does not need."""
