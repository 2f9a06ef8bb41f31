"""The cleaned manifest: the data set without the images that an encoder cannot use."""
