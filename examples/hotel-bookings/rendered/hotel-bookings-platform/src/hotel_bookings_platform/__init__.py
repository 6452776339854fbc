"""Hotel bookings that come to nothing: the platform repository."""
