"""What is done to images, and how they are compared: corruptions, filters, masks, quality, filling of holes."""
