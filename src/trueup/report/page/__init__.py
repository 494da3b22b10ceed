"""What pages share: their frame and style, axes, SVG, Markdown without effects, and files."""
