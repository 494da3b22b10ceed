"""Items: what is judged, and how files, frames and lists become items."""
