"""A real browser for pages that need one: Playwright on Debian's Chromium, through the guarded way out."""

from agents.tools.browser.house import Browsers, BrowserSettings
from agents.tools.browser.tools import BrowserAct, BrowserDownload, BrowserExtract, BrowserRead, BrowserScreenshot

__all__ = ["BrowserAct", "BrowserDownload", "BrowserExtract", "BrowserRead", "BrowserScreenshot", "BrowserSettings", "Browsers"]
