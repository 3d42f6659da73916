"""The routes: one file for each dialect, one for each other matter."""
