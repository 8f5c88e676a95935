"""What tests of the hub and of channel plugins are made with."""
