"""People: log in, register, one's own account, the administration of people, API."""

from web.http.routes import Routes
from web.people.account import (
    account_page,
    end,
    make_token,
    revoke,
    save_account,
    save_notifications,
    save_password,
    show_link_code,
    unlink_discord,
)
from web.people.api import AccountController, PersonController
from web.people.login import (
    do_login,
    do_logout,
    do_register,
    login_page,
    password_page,
    register_page,
    set_password,
)
from web.people.page import make_link, people_page, save_person

# What other features of the web may import.
__all__ = ["ROUTES", "account"]

ROUTES = Routes(
    anyone=(login_page, do_login, do_logout, register_page, do_register, password_page, set_password),
    people=(
        *(PersonController, AccountController),
        *(
            account_page,
            save_account,
            save_notifications,
            save_password,
            make_token,
            revoke,
            end,
            show_link_code,
            unlink_discord,
        ),
        *(people_page, save_person, make_link),
    ),
)
