-- What no area may do in any transaction: be two things on one date, share a code with another of its kind,
-- or change what was recorded. Set-based, so that a whole register can be loaded by COPY.

CREATE FUNCTION refuse_area_span_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_clash record;
BEGIN
    SELECT added.area_id, other.begins_on INTO v_clash
    FROM added
    JOIN area_span AS other ON other.area_id = added.area_id
    WHERE other.superseded_by IS NULL
      AND other.begins_on <> added.begins_on
      AND other.begins_on <= coalesce(added.ends_on, 'infinity')
      AND added.begins_on <= coalesce(other.ends_on, 'infinity')
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'area % has two spans on one date', v_clash.area_id
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'area_span_overlap';
    END IF;
    SELECT added.area_id, added.code INTO v_clash
    FROM added
    JOIN area_span AS other ON other.kind = added.kind AND other.code = added.code
    WHERE other.superseded_by IS NULL
      AND other.area_id <> added.area_id
      AND other.begins_on <= coalesce(added.ends_on, 'infinity')
      AND added.begins_on <= coalesce(other.ends_on, 'infinity')
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'code % is taken on one of these dates', v_clash.code
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'area_span_code';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER area_span_overlap AFTER INSERT ON area_span
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_area_span_overlap();

CREATE FUNCTION refuse_reopening() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.superseded_by IS NOT NULL OR NEW.superseded_by IS NULL THEN
        RAISE EXCEPTION 'what was superseded stays superseded'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER area_span_closes_once BEFORE UPDATE ON area_span
    FOR EACH ROW EXECUTE FUNCTION refuse_reopening();
CREATE TRIGGER area_attribute_closes_once BEFORE UPDATE ON area_attribute
    FOR EACH ROW EXECUTE FUNCTION refuse_reopening();
CREATE TRIGGER area_lineage_closes_once BEFORE UPDATE ON area_lineage
    FOR EACH ROW EXECUTE FUNCTION refuse_reopening();
