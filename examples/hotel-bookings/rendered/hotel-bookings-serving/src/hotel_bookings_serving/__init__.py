"""Hotel bookings that come to nothing: the serving repository."""
