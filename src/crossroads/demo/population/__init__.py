"""An invented population: people, households, careers and benefits that hang together, and the records they leave."""
