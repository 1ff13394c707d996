"""What lies outside of the Open API: attachments behind temporary addresses, and depots for git."""
