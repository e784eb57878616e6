"""Who may ask what, about whom, when. The only room that can make a Permit."""
