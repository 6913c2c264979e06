"""What the house knows of its operator: name, hours, services, staff, questions and answers."""

from orchestrator.business.book import BusinessBook, BusinessFile
from orchestrator.business.loading import ConfigFault, load, parse
from orchestrator.business.model import Booking, Business, Closure, Faq, Hours, Localized, Profile, Service, Staff
from orchestrator.business.sample import sample_text, write_sample

__all__ = [
    "Booking",
    "Business",
    "BusinessBook",
    "BusinessFile",
    "Closure",
    "ConfigFault",
    "Faq",
    "Hours",
    "Localized",
    "Profile",
    "Service",
    "Staff",
    "load",
    "parse",
    "sample_text",
    "write_sample",
]
