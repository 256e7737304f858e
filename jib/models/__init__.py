"""Architectures that load published weights: GPT-2, BERT, Llama and its relatives."""

from jib.models._attending import *
from jib.models._folder import *
from jib.models._generation import *
from jib.models._pretrained import *
from jib.models.bert import *
from jib.models.gpt2 import *
from jib.models.llama import *
