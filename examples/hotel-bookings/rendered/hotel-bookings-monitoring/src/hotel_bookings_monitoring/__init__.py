"""Hotel bookings that come to nothing: the monitoring repository."""
