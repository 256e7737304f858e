"""Looking at values while programs run."""

from jib.debug._debugger import *
from jib.debug._printing import *
from jib.debug._shardings import *
