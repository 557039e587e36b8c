"""Who did what, when, and what was before and after."""

from web.audit.api import AuditController
from web.audit.page import audit_page
from web.http.routes import Routes

ROUTES = Routes(people=(AuditController, audit_page))
