"""What runs inside the box. It holds no secret, and nothing that it says is believed."""
