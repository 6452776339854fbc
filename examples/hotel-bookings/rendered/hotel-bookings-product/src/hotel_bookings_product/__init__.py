"""Hotel bookings that come to nothing: the product repository."""
