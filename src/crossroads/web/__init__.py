"""The look and the manners of pages for people, without rules; portal and desk share it."""
