"""Hotel bookings that come to nothing: the data-engineering repository."""
