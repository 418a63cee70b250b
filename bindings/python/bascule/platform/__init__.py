"""Running a whole platform on one machine: private PostgreSQL, broker, gateway, services, under supervisor.

Start at platform.py: everything else is a part of what it does.
"""
