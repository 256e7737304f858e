"""Looking at values while programs run."""

from jib.debug._printing import *
