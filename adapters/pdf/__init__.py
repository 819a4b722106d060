"""HTML to PDF by weasyprint, without network and without files."""
