import os

bind = f"0.0.0.0:{os.environ.get('BOOKINGS_PORT', '8000')}"
workers = 4
