"""Typed bodies of definitions: which properties each type has. An undeclared one is refused before any rule is applied.

The names are those of the metadata types in the service's `$metadata`. Complex types, which actions take (such as
`ComplexStringAttributeMetadata`), have the same properties.
"""

from typing import Final

from sandbox.dataverse.customizing.refusals import invalid, undeclared
from sandbox.dataverse.customizing.shapes import type_of
from sandbox.dataverse.values import JsonObject

_BASE: Final = frozenset({"MetadataId", "HasChanged"})

ENTITY: Final = "EntityMetadata"
ENTITY_NAMES: Final = _BASE | frozenset(
    """
    ActivityTypeMask AutoCreateAccessTeams AutoRouteToOwnerQueue CanBeInCustomEntityAssociation CanBeInManyToMany
    CanBePrimaryEntityInRelationship CanBeRelatedEntityInRelationship CanChangeHierarchicalRelationship
    CanChangeTrackingBeEnabled CanCreateAttributes CanCreateCharts CanCreateForms CanCreateViews
    CanEnableSyncToExternalSearchIndex CanModifyAdditionalSettings CanTriggerWorkflow ChangeTrackingEnabled
    CollectionSchemaName CreatedOn DataProviderId DataSourceId DaysSinceRecordLastModified Description
    DisplayCollectionName DisplayName EnforceStateTransitions EntityColor EntityHelpUrl EntityHelpUrlEnabled
    EntitySetName ExternalCollectionName ExternalName HasActivities HasEmailAddresses HasFeedback HasNotes IconLargeName
    IconMediumName IconSmallName IconVectorName IntroducedVersion IsAIRUpdated IsActivity IsActivityParty
    IsArchivalEnabled IsAuditEnabled IsAvailableOffline IsBPFEntity IsBusinessProcessEnabled IsChildEntity
    IsConnectionsEnabled IsCustomEntity IsCustomizable IsDocumentManagementEnabled IsDocumentRecommendationsEnabled
    IsDuplicateDetectionEnabled IsEnabledForCharts IsEnabledForExternalChannels IsEnabledForTrace IsImportable
    IsInteractionCentricEnabled IsIntersect IsKnowledgeManagementEnabled IsLogicalEntity IsMSTeamsIntegrationEnabled
    IsMailMergeEnabled IsManaged IsMappable IsOfflineInMobileClient IsOneNoteIntegrationEnabled
    IsOptimisticConcurrencyEnabled IsPrivate IsQuickCreateEnabled IsReadOnlyInMobileClient IsReadingPaneEnabled
    IsRenameable IsRetrieveAuditEnabled IsRetrieveMultipleAuditEnabled IsSLAEnabled IsSolutionAware
    IsStateModelAware IsValidForAdvancedFind IsValidForQueue IsVisibleInMobile IsVisibleInMobileClient
    LogicalCollectionName LogicalName MobileOfflineFilters ModifiedOn ObjectTypeCode OwnerId OwnerIdType OwnershipType
    PrimaryIdAttribute PrimaryImageAttribute PrimaryNameAttribute Privileges RecurrenceBaseEntityLogicalName
    ReportViewName SchemaName SettingOf Settings SyncToExternalSearchIndex TableType UsesBusinessDataLabelTable
    Attributes Keys ManyToManyRelationships ManyToOneRelationships OneToManyRelationships
    """.split()  # noqa: SIM905 - a page of quotation marks helps nobody
)

ATTRIBUTE_NAMES: Final = _BASE | frozenset(
    """
    AttributeOf AttributeType AttributeTypeName AutoNumberFormat CanBeSecuredForCreate CanBeSecuredForRead
    CanBeSecuredForUpdate CanModifyAdditionalSettings ColumnNumber CreatedOn DeprecatedVersion Description DisplayName
    EntityLogicalName ExternalName InheritsFrom IntroducedVersion IsAuditEnabled IsCustomAttribute IsCustomizable
    IsDataSourceSecret IsFilterable IsGlobalFilterEnabled IsLogical IsManaged IsPrimaryId IsPrimaryName IsRenameable
    IsRequiredForForm IsRetrievable IsSearchable IsSecured IsSortableEnabled IsValidForAdvancedFind IsValidForCreate
    IsValidForForm IsValidForGrid IsValidForRead IsValidForUpdate IsValidODataAttribute LinkedAttributeId LogicalName
    ModifiedOn RequiredLevel SchemaName SourceType
    """.split()  # noqa: SIM905
)
_FORMULA: Final = frozenset({"FormulaDefinition", "SourceTypeMask"})
_CHOICE: Final = _FORMULA | {
    "ChildPicklistLogicalNames", "DefaultFormValue", "GlobalOptionSet", "OptionSet", "ParentPicklistLogicalName",
}  # fmt: skip

#: What each type of column has of its own.
ATTRIBUTES: Final[dict[str, frozenset[str]]] = {
    "String": _FORMULA | {"DatabaseLength", "Format", "FormatName", "ImeMode", "IsLocalizable", "MaxLength", "YomiOf"},
    "Memo": frozenset({"Format", "FormatName", "ImeMode", "IsLocalizable", "MaxLength"}),
    "Integer": _FORMULA | {"Format", "MaxValue", "MinValue"},
    "BigInt": frozenset({"MaxValue", "MinValue"}),
    "Decimal": _FORMULA | {"ImeMode", "MaxValue", "MinValue", "Precision"},
    "Double": frozenset({"ImeMode", "MaxValue", "MinValue", "Precision"}),
    "Money": _FORMULA
    | {"CalculationOf", "ImeMode", "IsBaseCurrency", "MaxValue", "MinValue", "Precision", "PrecisionSource"},
    "Boolean": _FORMULA | {"DefaultValue", "GlobalOptionSet", "OptionSet"},
    "DateTime": _FORMULA | {"CanChangeDateTimeBehavior", "DateTimeBehavior", "Format", "ImeMode", "MinSupportedValue",
                            "MaxSupportedValue"},
    "Picklist": _CHOICE,
    "MultiSelectPicklist": _CHOICE,
    "State": _CHOICE,
    "Status": _CHOICE,
    "Lookup": frozenset({"Format", "Targets"}),
    "Uniqueidentifier": frozenset(),
    "File": frozenset({"MaxSizeInKB"}),
    "Image": frozenset({"CanStoreFullImage", "IsPrimaryImage", "MaxHeight", "MaxSizeInKB", "MaxWidth"}),
}  # fmt: skip

#: The types of columns that a POST to a table's columns makes.
CREATABLE: Final = frozenset(ATTRIBUTES) - {"State", "Status", "Lookup", "Uniqueidentifier", "BigInt"}

OPTION_SETS: Final = frozenset({"OptionSetMetadata", "BooleanOptionSetMetadata"})
OPTION_SET_NAMES: Final = _BASE | frozenset(
    """
    Description DisplayName ExternalTypeName IntroducedVersion IsCustomOptionSet IsCustomizable IsGlobal IsManaged Name
    OptionSetType ParentOptionSetName Options TrueOption FalseOption
    """.split()  # noqa: SIM905
)
_OPTION: Final = _BASE | {
    "Color", "Description", "ExternalValue", "IsHidden", "IsManaged", "Label", "ParentValues", "Tag", "Value",
    "State", "TransitionData", "DefaultStatus", "InvariantName",
}  # fmt: skip

RELATIONSHIPS: Final = {
    "OneToManyRelationshipMetadata": _BASE
    | frozenset(
        """
        AssociatedMenuConfiguration CascadeConfiguration DenormalizedAttributeName EntityKey HierarchicalIdentity
        IntroducedVersion IsCustomRelationship IsCustomizable IsDenormalizedLookup IsHierarchical IsManaged
        IsRelationshipAttributeDenormalized IsValidForAdvancedFind Lookup ReferencedAttribute ReferencedEntity
        ReferencedEntityNavigationPropertyName ReferencingAttribute ReferencingEntity
        ReferencingEntityNavigationPropertyName RelationshipAttributes RelationshipBehavior RelationshipType SchemaName
        SecurityTypes
        """.split()  # noqa: SIM905
    ),
    "ManyToManyRelationshipMetadata": _BASE
    | frozenset(
        """
        Entity1AssociatedMenuConfiguration Entity1IntersectAttribute Entity1LogicalName Entity1NavigationPropertyName
        Entity2AssociatedMenuConfiguration Entity2IntersectAttribute Entity2LogicalName Entity2NavigationPropertyName
        IntersectEntityName IntroducedVersion IsCustomRelationship IsCustomizable IsManaged IsValidForAdvancedFind
        RelationshipType SchemaName SecurityTypes
        """.split()  # noqa: SIM905
    ),
}

KEY: Final = "EntityKeyMetadata"
KEY_NAMES: Final = _BASE | frozenset(
    """
    AsyncJob DisplayName EntityKeyIndexStatus EntityLogicalName IntroducedVersion IsCustomizable IsExportKey IsManaged
    IsSecondaryKey IsSynchronous KeyAttributes LogicalName SchemaName
    """.split()  # noqa: SIM905
)


def check_table(body: JsonObject) -> None:
    """Refuse what a table's definition does not have.

    Raises:
        ApiError: 400 `0x80048d19`.
    """
    _check(body, ENTITY_NAMES, ENTITY)


def check_column(body: JsonObject) -> str:
    """Refuse what a column's definition does not have, and return its type, such as `String`.

    Raises:
        ApiError: 400 `0x80048d19`, also without the type.
    """
    kind = type_of(body).removeprefix("Complex")
    name = kind.removesuffix("AttributeMetadata")
    if name not in ATTRIBUTES or kind == name:
        raise invalid("A column needs '@odata.type' with the type of its definition.", "0x80048d19")
    _check(body, ATTRIBUTE_NAMES | ATTRIBUTES[name], kind)
    return name


def check_option_set(body: JsonObject) -> None:
    """Refuse what an option set's definition does not have.

    Raises:
        ApiError: 400 `0x80048d19`.
    """
    _check(body, OPTION_SET_NAMES, type_of(body) or "OptionSetMetadata")


def check_option(body: JsonObject) -> None:
    """Refuse what an option does not have.

    Raises:
        ApiError: 400 `0x80048d19`.
    """
    _check(body, _OPTION, "OptionMetadata")


def check_relationship(body: JsonObject) -> str:
    """Refuse what a relationship's definition does not have, and return its type.

    Raises:
        ApiError: 400 `0x80048d19`.
    """
    kind = type_of(body).removeprefix("Complex")
    if kind not in RELATIONSHIPS:
        raise invalid("A relationship needs '@odata.type' with the type of its definition.", "0x80048d19")
    _check(body, RELATIONSHIPS[kind], kind)
    return kind


def check_key(body: JsonObject) -> None:
    """Refuse what an alternate key's definition does not have.

    Raises:
        ApiError: 400 `0x80048d19`.
    """
    _check(body, KEY_NAMES, KEY)


def check_parameters(body: JsonObject, known: frozenset[str], action: str) -> None:
    """Refuse what an action does not take.

    Raises:
        ApiError: 400 `0x80048d19`.
    """
    _check(body, known, action)


def _check(body: JsonObject, known: frozenset[str], kind: str) -> None:
    for name in body:
        plain = name.removesuffix("@odata.bind")
        if not name.startswith("@odata.") and not name.endswith("@odata.type") and plain not in known:
            raise undeclared(name, kind)
