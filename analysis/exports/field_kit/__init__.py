"""What teams take along: sheets on paper, phone pages, files for maps."""
