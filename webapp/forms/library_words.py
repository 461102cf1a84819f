"""What allauth and Django say on pages and in mails, where their own translations speak
to people in another voice than ours: named here, so that our catalogues hold it and go
first. Nothing reads this but `makemessages`."""

from django.utils.translation import gettext_noop as _
from django.utils.translation import ngettext_lazy

WORDS = (
    _("A security key has been removed."),
    _("Activate"),
    _("Activate Authenticator App"),
    _("Add Email"),
    _("An authenticator app is not active."),
    _("Are you sure?"),
    _("Authentication using an authenticator app is active."),
    _("Authenticator App"),
    _("Authenticator app activated."),
    _("Authenticator app deactivated."),
    _("Be patient, you are sending too many requests."),
    _("Change Email"),
    _("Email"),
    _("Ensure this value is greater than or equal to %(limit_value)s."),
    _("Ensure this value is less than or equal to %(limit_value)s."),
    _("Enter Sign-In Code"),
    _("Enter a number."),
    _("Enter a valid URL."),
    _("Enter a valid email address."),
    _("Enter a valid value."),
    _("Enter a whole number."),
    _("Enter an authenticator code:"),
    _("Enter your password:"),
    _("Forgot your password?"),
    _(
        "Forgotten your password? Enter your email address below, "
        "and we'll send you an email allowing you to reset it."
    ),
    _("I have saved my recovery codes"),
    _("If it was you, you can sign up for an account using the link below."),
    _(
        "If you do not recognize this change then please take proper "
        "security precautions immediately. The change to your "
        "account originates from:\n\n"
        "- IP address: %(ip)s\n"
        "- Browser: %(user_agent)s\n"
        "- Date: %(timestamp)s"
    ),
    _("In case you forgot, your username is %(username)s."),
    _("No recovery codes set up."),
    _("Please Confirm Your Email Address"),
    _(
        "Please confirm that <a "
        'href="mailto:%(email)s">%(email)s</a> is an email address '
        "for user %(user_display)s."
    ),
    _("Please contact us if you have any trouble resetting your password."),
    _("Please reauthenticate to safeguard your account."),
    _("Please type your current password."),
    _("Primary"),
    _("Re-send Verification"),
    _("Select a valid choice. %(value)s is not one of the available choices."),
    _("Select a valid choice. That choice is not one of the available choices."),
    _("Successfully signed in as %(name)s."),
    _("The email address and/or password you specified are not correct."),
    _("The following email addresses are associated with your account:"),
    _("This account is inactive."),
    _("This action will invalidate your existing codes."),
    _("This email address is already associated with this account."),
    _(
        "This email confirmation link expired or is invalid. Please "
        '<a href="%(email_url)s">issue a new email confirmation '
        "request</a>."
    ),
    _("This mail can be safely ignored if you did not initiate this action."),
    _("Too many failed login attempts. Try again later."),
    _("Two-Factor Authentication"),
    _("Unverified"),
    _("Use your password"),
    _("Verified"),
    _("Verify Your Email Address"),
    _(
        "We have sent an email to you for verification. Follow the "
        "link provided to finalize the signup process. If you do not "
        "see the verification email in your main inbox, check your "
        "spam folder. Please contact us if you do not receive the "
        "verification email within a few minutes."
    ),
    _(
        "We have sent you an email. If you have not received it "
        "please check your spam folder. Otherwise contact us if you "
        "do not receive it in a few minutes."
    ),
    _(
        "You are about to deactivate authenticator app based "
        "authentication. Are you sure?"
    ),
    _("You are about to generate a new set of recovery codes for your account."),
    _("You are already logged in as %(user_display)s."),
    _(
        "You are receiving this email because you or someone else "
        "tried to signup for an\n"
        "account using email address:\n\n"
        "%(email)s\n\n"
        "However, an account using that email address already "
        "exists.  In case you have\n"
        "forgotten about this, please use the password forgotten "
        "procedure to recover\n"
        "your account:\n\n"
        "%(password_reset_url)s"
    ),
    _(
        "You are receiving this email because you, or someone else, "
        "tried to access an account with email %(email)s. However, "
        "we do not have any record of such an account in our "
        "database."
    ),
    _(
        "You are receiving this mail because the following change "
        "was made to your account:"
    ),
    _(
        "You cannot activate two-factor authentication until you "
        "have verified your email address."
    ),
    _(
        "You cannot add an email address to an account protected by "
        "two-factor authentication."
    ),
    _("You cannot add more than %d email addresses."),
    _("You cannot deactivate two-factor authentication."),
    _(
        "You cannot generate recovery codes without having "
        "two-factor authentication enabled."
    ),
    _("You cannot remove your primary email address (%(email)s)."),
    _("You cannot remove your primary email address."),
    _("You have confirmed %(email)s."),
    _("You have signed out."),
    _("You must type the same password each time."),
    _(
        "You're receiving this email because user %(user_display)s "
        "has given your email address to register an account on "
        "%(site_domain)s."
    ),
    _(
        "You're receiving this email because you or someone else has "
        "requested a password reset for your user account.\n"
        "It can be safely ignored if you did not request a password "
        "reset. Click the link below to reset your password."
    ),
    _(
        "Your account is protected by two-factor authentication. "
        "Please enter an authenticator code:"
    ),
    _("Your email has been confirmed."),
    _("Your password can’t be a commonly used password."),
    _("Your password can’t be entirely numeric."),
    _("Your password can’t be too similar to your other personal information."),
    _("Your password has been changed."),
    _("Your password has been reset."),
    _("Your password is now changed."),
    _("Your primary email address must be verified."),
    _(
        "Your sign-in code is listed below. Please enter it in your "
        "open browser window."
    ),
    _("staff status"),
    ngettext_lazy(
        "Your password must contain at least %(min_length)d character.",
        "Your password must contain at least %(min_length)d characters.",
    ),
)
