"""placeholder, replaced soon"""
