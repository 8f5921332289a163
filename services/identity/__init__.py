"""Who people are to the Service: staff members, students, third parties; signing in."""
