<<<<<<< HEAD
<<<<<<< HEAD
"""SMS: one provider or protocol per file."""
=======
"""Short messages: one protocol per file, each satisfying ``services.paging_ports.Pager`` by shape."""
>>>>>>> cmpp
=======
"""SMS: one provider or protocol per file."""
>>>>>>> httpsms
