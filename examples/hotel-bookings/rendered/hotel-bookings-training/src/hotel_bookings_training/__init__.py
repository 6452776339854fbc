"""Hotel bookings that come to nothing: the training repository."""
