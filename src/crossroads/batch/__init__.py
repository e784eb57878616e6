"""Many questions in one file: announced by a voucher, uploaded, read, decided and answered page by page."""
