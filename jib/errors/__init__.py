"""Every error a user can meet: a stable code, one sentence, the place, and a cure."""

from jib.errors._base import *
from jib.errors._explain import *
from jib.errors._holders import *
from jib.errors._programs import *
from jib.errors._tracing import *
