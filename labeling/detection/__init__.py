"""A photo on its way through, and what people answer to it. The door is
`photos.detect`."""
