"""Campaigns, the older form of automations: list, trigger, stop."""

from sandbox.spotler.call import Call
from sandbox.spotler.errors import ApiError, ErrorType, missing
from sandbox.spotler.resources.journey_fields import sent_fields
from sandbox.spotler.resources.views import campaign_mailing_view
from sandbox.spotler.routing import Route
from sandbox.spotler.store.journeys import Campaign
from sandbox.spotler.wire import NO_CONTENT, Answer, json_answer


def list_campaigns(call: Call) -> Answer:
    """All campaigns with their external triggers."""
    return json_answer(
        [
            {
                "encryptedId": campaign.encrypted_id,
                "name": campaign.name,
                "active": campaign.active,
                "triggers": [{"encryptedId": t.code, "name": t.name} for t in campaign.triggers],
            }
            for campaign in call.world.campaigns.values()
        ]
    )


def trigger_campaign(call: Call, trigger_id: str) -> Answer:
    """Send a contact through the campaign; a contact is in it once at a time."""
    world = call.world
    campaign = next((c for c in world.campaigns.values() if any(t.code == trigger_id for t in c.triggers)), None)
    if campaign is None:
        raise missing(ErrorType.TRIGGER_NOTFOUND, f"Trigger {trigger_id}")
    body = call.fields("externalContactId", "campaignFields")
    external_id = body.required_text("externalContactId")
    contact = call.referenced_contact(external_id)
    fields = sent_fields(body, "campaignFields", world)
    if not campaign.active:
        raise _wrong_state("The campaign is not active")
    if not campaign.mailings:
        raise _wrong_state("The campaign has no message")
    if world.campaign_runs.active(campaign.encrypted_id, contact.key):
        raise _wrong_state("The contact is already in the campaign")
    run = world.campaign_runs.start(campaign.encrypted_id, contact.key, world.clock.now(), fields)
    world.journal.record(
        "campaign.started",
        external_id,
        campaignId=campaign.encrypted_id,
        runId=str(run.run_id),
        fields=sorted(fields),
    )
    return NO_CONTENT


def stop_campaign(call: Call, campaign_id: str) -> Answer:
    """Take a contact out of the campaign."""
    campaign = _campaign(call, campaign_id)
    external_id = call.fields("externalContactId").required_text("externalContactId")
    contact = call.referenced_contact(external_id)
    if not call.world.campaign_runs.of(campaign.encrypted_id, contact.key):
        raise _wrong_state("The contact was never in the campaign")
    running = call.world.campaign_runs.active(campaign.encrypted_id, contact.key)
    if not running:
        raise _wrong_state("The contact has already finished the campaign")
    for run in running:
        run.ended = call.world.clock.now()
        call.world.journal.record(
            "campaign.stopped", external_id, campaignId=campaign.encrypted_id, runId=str(run.run_id)
        )
    return NO_CONTENT


def campaign_mailings(call: Call, campaign_id: str) -> Answer:
    """The mailings that a campaign sends."""
    mailings = [call.world.mailings[each] for each in _campaign(call, campaign_id).mailings]
    return json_answer([campaign_mailing_view(mailing) for mailing in mailings])


def _campaign(call: Call, campaign_id: str) -> Campaign:
    campaign = call.world.campaigns.get(campaign_id)
    if campaign is None:
        raise missing(ErrorType.CAMPAIGN_NOTFOUND, f"Campaign {campaign_id}")
    return campaign


def _wrong_state(message: str) -> ApiError:
    return ApiError(ErrorType.INVALID_STATE, message)


ROUTES = (
    Route("GET", "/campaign/list", list_campaigns),
    Route("POST", "/campaign/trigger/{encryptedTriggerId}", trigger_campaign),
    Route("POST", "/campaign/{encryptedCampaignId}/stop", stop_campaign),
    Route("GET", "/campaign/{encryptedCampaignId}/mailing", campaign_mailings),
)
