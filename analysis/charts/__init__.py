"""Results turned into pictures: matplotlib, folium, colours."""
